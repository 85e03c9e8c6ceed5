// The editors' own words in Lithuanian.
import words from "./lithuanian.json";

const LITHUANIAN = words as Record<string, string>;
// The properties panel writes “User Task” where the menus write “User task”.
const BY_SMALL_LETTERS = new Map(Object.entries(LITHUANIAN).map(([text, said]) => [text.toLowerCase(), said]));

export function translated(language: string): (text: string, values?: Record<string, unknown>) => string {
  return (text, values = {}) => {
    const said = language === "lt" ? (LITHUANIAN[text] ?? BY_SMALL_LETTERS.get(text.toLowerCase()) ?? text) : text;
    return said.replace(/\{([^}]+)\}/g, (_, name: string) => String(values[name] ?? `{${name}}`));
  };
}

export function translateModule(language: string): { translate: ["value", ReturnType<typeof translated>] } {
  return { translate: ["value", translated(language)] };
}
