// Results kept by text, so that what is asked again and again is worked out once.
const LONGEST = 100;

export function remembered<Result>(
  most: number,
  work: (text: string) => Result,
): (text: string) => Result {
  const kept = new Map<string, Result>();
  return (text) => {
    const found = kept.get(text);
    if (found !== undefined) return found;
    const fresh = work(text);
    if (text.length > LONGEST) return fresh;
    if (kept.size >= most) kept.clear();
    kept.set(text, fresh);
    return fresh;
  };
}
