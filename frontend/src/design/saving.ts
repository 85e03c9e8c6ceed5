// Keeps what a designer changes as a draft on the server, and says so; notices colleagues' changes.
import { send } from "../requests";
import { element, filled, type Source } from "./source";

const PAUSE = 900;
const AGAIN = 5000;

interface Answer {
  seen: string | null;
  message: string;
}

interface Refusal {
  code: string;
  message: string;
}

export class Saving {
  private timer: number | undefined;
  private seen: string | null;
  private changes = 0;
  private saved = 0;
  private busy = false;
  private stopped = false;
  private readonly state = element("save-state");

  constructor(
    private readonly source: Source,
    private readonly content: () => Promise<string>,
    private readonly keptNow: () => void,
  ) {
    this.seen = source.seen;
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") void this.save();
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.changes > this.saved) event.preventDefault();
    });
    element("conflict-copy").addEventListener("click", () => void this.copy());
  }

  changed(): void {
    if (this.source.readonly || this.stopped) return;
    this.changes += 1;
    this.tell("changed", this.source.texts["changed"] ?? "");
    this.later(PAUSE);
  }

  async save(): Promise<void> {
    window.clearTimeout(this.timer);
    if (this.busy || this.stopped || this.changes === this.saved) return;
    this.busy = true;
    const upTo = this.changes;
    this.tell("saving", this.source.texts["saving"] ?? "");
    try {
      const content = await this.content();
      const response = await send(this.source.save, { content, seen: this.seen });
      if (response.ok) {
        const answer = (await response.json()) as Answer;
        this.seen = answer.seen;
        this.saved = upTo;
        this.tell("saved", answer.message);
        this.keptNow();
      } else {
        this.refused((await response.json()) as Refusal, response.status);
      }
    } catch {
      this.tell("unsaved", this.source.texts["offline"] ?? "");
      this.later(AGAIN);
    } finally {
      this.busy = false;
    }
    if (!this.stopped && this.changes > upTo) this.later(PAUSE);
  }

  private later(pause: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), pause);
  }

  private refused(refusal: Refusal, status: number): void {
    this.tell("unsaved", refusal.message);
    if (status === 409) {
      this.stopped = true;
      element("conflict-message").textContent = refusal.message;
      element("conflict").hidden = false;
    } else if (status >= 500) {
      this.later(AGAIN);
    }
  }

  private async copy(): Promise<void> {
    const response = await send(this.source.copy, { content: await this.content() });
    const answer = (await response.json()) as { location?: string; message?: string };
    if (response.ok && answer.location) {
      this.saved = this.changes;
      window.location.assign(answer.location);
    } else {
      element("conflict-message").textContent = answer.message ?? "";
    }
  }

  private tell(state: string, text: string): void {
    this.state.dataset["state"] = state;
    this.state.textContent = filled(text, {});
  }
}
