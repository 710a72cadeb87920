/** Lets a program wait while what it wrote is not taken: nothing of it gathers here without limit. */

const high = 1024 * 1024;
const low = high / 4;

export class Flow {
  #untaken = 0;
  #isHeld = false;
  #isOpen = false;
  readonly #hold: (held: boolean) => void;

  /** `hold`: called when the program has to wait, and when it may go on. */
  constructor(hold: (held: boolean) => void) {
    this.#hold = hold;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** `taken`: resolves or rejects when these bytes are in nobody's way any more. */
  add(bytes: number, taken: unknown): void {
    if (!(taken instanceof Promise)) return;
    this.#untaken += bytes;
    if (this.#untaken > high) this.#set(true);
    const settled = () => {
      this.#untaken -= bytes;
      if (this.#untaken < low) this.#set(false);
    };
    taken.then(settled, settled);
  }

  /** It is being ended: what it still says has to be read for its streams to close. */
  open(): void {
    this.#isOpen = true;
    this.#set(false);
  }

  #set(held: boolean): void {
    if (held === this.#isHeld || (held && this.#isOpen)) return;
    this.#isHeld = held;
    this.#hold(held);
  }
}
