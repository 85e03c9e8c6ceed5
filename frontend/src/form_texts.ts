// What form-js itself says, in the page's language. The server sends the sentences; the form's own
// messages are recognised by their English shape, because the viewer has no catalogue.
import type { Form } from "@bpmn-io/form-js-viewer";

export type Texts = Record<string, string>;

const MESSAGES: [RegExp, string][] = [
  [/^Field is required\.$/, "required"],
  [/^Field must have minimum value of (.+)\.$/, "min"],
  [/^Field must have maximum value of (.+)\.$/, "max"],
  [/^Field must have minimum length of (.+)\.$/, "minLength"],
  [/^Field must have maximum length of (.+)\.$/, "maxLength"],
  [/^Field must be a valid email\.$/, "email"],
  [/^Field must be a valid\s+international phone number\./, "phone"],
  [/^Field must match pattern .*$/, "pattern"],
];

export function translated(message: string, texts: Texts): string {
  for (const [shape, key] of MESSAGES) {
    const found = shape.exec(message);
    const text = texts[key];
    if (found && text) return text.replace("{0}", found[1] ?? "");
  }
  return message;
}

interface Validator {
  validateFieldInstance(instance: unknown, value: unknown): string[];
}

export function speak(form: Form, texts: Texts): void {
  const validator = form.get<Validator>("validator");
  const original = validator.validateFieldInstance.bind(validator);
  validator.validateFieldInstance = (instance, value) =>
    original(instance, value).map((message) => translated(message, texts));
}

// The search fields inside selects have an English placeholder of their own.
export function speakPlaceholders(container: HTMLElement, texts: Texts): void {
  const replace = () => {
    for (const field of container.querySelectorAll<HTMLInputElement>('input[placeholder="Search"]')) {
      field.placeholder = texts["search"] ?? "Search";
    }
    for (const place of container.querySelectorAll(".fjs-select-placeholder")) {
      if (place.textContent === "Select") place.textContent = texts["select"] ?? "Select";
    }
  };
  new MutationObserver(replace).observe(container, { childList: true, subtree: true });
  replace();
}
