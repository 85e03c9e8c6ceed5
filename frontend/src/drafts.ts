// What a person typed is kept on the server a moment after they pause, and when they leave.
import type { Texts } from "./form_texts";
import { send } from "./requests";

const PAUSE = 1200;

export class Drafts {
  private timer: number | undefined;
  private unsaved = false;
  private stopped = false;
  private readonly status = document.querySelector<HTMLElement>("#draft-status");

  constructor(
    private readonly url: string,
    private readonly texts: Texts,
    private readonly values: () => Record<string, unknown>,
  ) {
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && this.unsaved && !this.stopped) {
        this.unsaved = false;
        void send(this.url, { variables: this.values() }, true);
      }
    });
  }

  changed(): void {
    if (this.stopped) return;
    this.unsaved = true;
    this.tell("");
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), PAUSE);
  }

  async save(): Promise<void> {
    window.clearTimeout(this.timer);
    this.unsaved = false;
    try {
      const response = await send(this.url, { variables: this.values() });
      const answer = (await response.json()) as { message: string };
      this.tell(answer.message);
    } catch {
      this.unsaved = true;
      this.tell(this.texts["draftOffline"] ?? "");
    }
  }

  stop(): void {
    window.clearTimeout(this.timer);
    this.stopped = true;
  }

  resume(): void {
    this.stopped = false;
  }

  private tell(text: string): void {
    if (this.status) this.status.textContent = text;
  }
}
