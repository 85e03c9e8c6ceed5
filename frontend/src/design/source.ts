// What the page tells its editor: the file, whose rights, where to send what, and words.

export interface Finding {
  severity: "error" | "warning";
  file: string;
  rule: string;
  problem: string;
  mend: string;
  elementId: string | null;
  elementName: string | null;
  line: number | null;
  address: string | null;
}

export interface Source {
  kind: string;
  name: string;
  file: string;
  content: string;
  seen: string | null;
  readonly: boolean;
  language: string;
  save: string;
  check: string;
  copy: string;
  preview: string | null;
  templates: unknown[];
  formKeys: string[];
  decisionIds: string[];
  texts: Record<string, string>;
}

export function source(): Source {
  const told = document.querySelector("#design-source")?.textContent ?? "{}";
  return JSON.parse(told) as Source;
}

export function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found;
}

export function filled(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}
