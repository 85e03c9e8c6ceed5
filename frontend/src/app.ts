// On every page: htmx, and the behaviours that plain HTML does not have.
import "./app.css";
import htmx from "htmx.org";
import { installKeys } from "./keys";
import { token } from "./requests";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.historyCacheSize = 0;
htmx.config.selfRequestsOnly = true;

document.addEventListener("htmx:configRequest", (event) => {
  (event as CustomEvent<{ headers: Record<string, string> }>).detail.headers["X-CSRFToken"] = token();
});

// A refusal is an answer too: its text is shown where the page keeps its messages.
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
  announce(xhr.getResponseHeader("X-Message") ?? xhr.statusText, xhr.status === 401);
});
document.addEventListener("htmx:sendError", () => {
  announce(document.body.dataset["offline"] ?? "", false);
});

function announce(message: string, reload: boolean): void {
  const place = document.querySelector<HTMLElement>("#messages");
  if (!place) return;
  const line = document.createElement("p");
  line.className = "message message-bad";
  line.textContent = decodeURIComponent(message);
  place.replaceChildren(line);
  place.scrollIntoView({ block: "nearest" });
  if (reload) location.reload();
}

// A second press of a button that is already at work changes nothing.
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  const question = form.dataset["confirm"];
  if (question && !form.hasAttribute("hx-post") && !window.confirm(question)) {
    event.preventDefault();
    return;
  }
  if (form.dataset["sent"] && form.method === "post") {
    event.preventDefault();
    return;
  }
  form.dataset["sent"] = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) {
    delete form.dataset["sent"];
  }
});
document.addEventListener("htmx:afterRequest", (event) => {
  const element = event.target as HTMLElement;
  delete element.closest("form")?.dataset["sent"];
});

// What is folded away is printed all the same, but for what was known anyway.
window.addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll<HTMLDetailsElement>("details.step-data:not([open], .step-known)")) {
    folded.open = true;
    folded.dataset["unfolded"] = "yes";
  }
});
window.addEventListener("afterprint", () => {
  for (const unfolded of document.querySelectorAll<HTMLDetailsElement>("details[data-unfolded]")) {
    unfolded.open = false;
    delete unfolded.dataset["unfolded"];
  }
});

// Choosing in a filter applies it at once.
document.addEventListener("change", (event) => {
  const field = event.target as HTMLElement;
  if (field.matches("[data-applies]")) field.closest("form")?.requestSubmit();
});

// One box ticks all of a name.
document.addEventListener("change", (event) => {
  const box = event.target as HTMLInputElement;
  const name = box.dataset["chooses"];
  if (!name) return;
  for (const other of document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`)) {
    other.checked = box.checked;
  }
});

// A demo login fills the form in.
document.addEventListener("click", (event) => {
  const chosen = (event.target as HTMLElement).closest<HTMLElement>("[data-fills]");
  const form = document.querySelector<HTMLFormElement>(".sign-in form");
  if (!chosen || !form) return;
  form.querySelector<HTMLInputElement>("[name=login]")!.value = chosen.dataset["fills"] ?? "";
  form.querySelector<HTMLInputElement>("[name=password]")!.value = chosen.dataset["password"] ?? "";
  form.requestSubmit();
});

// Menus close when attention goes elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!menu.contains(event.target as Node)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

installKeys();
