/** Loads each program once, and keeps those used last. */
export class Programs<Program> {
  readonly #load: (hash: string) => Promise<Program | null>;
  readonly #limit: number;
  readonly #known = new Map<string, Program>();
  readonly #loading = new Map<string, Promise<Program | null>>();

  /**
   * @param load reads a program; nothing: there is none
   * @param limit how many to keep
   */
  constructor(load: (hash: string) => Promise<Program | null>, limit = 500) {
    this.#load = load;
    this.#limit = limit;
  }

  /** The program, if it is here already. */
  peek(hash: string): Program | undefined {
    return this.#known.get(hash);
  }

  /** The program, loaded if need be; nothing: there is none. */
  async get(hash: string): Promise<Program | null> {
    const known = this.#known.get(hash);
    if (known !== undefined) {
      // A Map keeps the order of insertion: the first key is the one not used for longest.
      this.#known.delete(hash);
      this.#known.set(hash, known);
      return known;
    }
    let loading = this.#loading.get(hash);
    if (loading === undefined) {
      loading = this.#load(hash).finally(() => this.#loading.delete(hash));
      this.#loading.set(hash, loading);
    }
    const program = await loading;
    if (program !== null) this.#keep(hash, program);
    return program;
  }

  #keep(hash: string, program: Program): void {
    this.#known.set(hash, program);
    if (this.#known.size > this.#limit) this.#known.delete(this.#known.keys().next().value!);
  }
}
