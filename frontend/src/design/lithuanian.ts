// The editors' own words in Lithuanian.
import words from "./lithuanian.json";

const LITHUANIAN = words as Record<string, string>;

export function translated(language: string): (text: string, values?: Record<string, unknown>) => string {
  return (text, values = {}) => {
    const said = language === "lt" ? (LITHUANIAN[text] ?? text) : text;
    return said.replace(/\{([^}]+)\}/g, (_, name: string) => String(values[name] ?? `{${name}}`));
  };
}

export function translateModule(language: string): { translate: ["value", ReturnType<typeof translated>] } {
  return { translate: ["value", translated(language)] };
}
