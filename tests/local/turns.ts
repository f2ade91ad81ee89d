/** Lets several players take turns, one step at a time, in an order that a seed decides. */
export type Turn = () => Promise<void>;

/** Numbers below `limit`, the same ones for the same seed (mulberry32). */
export function draws(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

class Player {
  #go = Promise.withResolvers<undefined>();
  #came = Promise.withResolvers<undefined>();
  ended = false;
  readonly #whole: Promise<void>;

  constructor(play: (turn: Turn) => Promise<void>) {
    this.#whole = play(() => {
      this.#came.resolve(undefined);
      return this.#go.promise;
    }).finally(() => {
      this.ended = true;
      this.#came.resolve(undefined);
    });
    // Heard of in `step`, not as an unhandled rejection before it.
    this.#whole.catch(() => undefined);
  }

  /** Until the player waits for its turn or has ended. */
  async arrival(): Promise<void> {
    await this.#came.promise;
    if (this.ended) await this.#whole;
  }

  async step(): Promise<void> {
    const go = this.#go;
    this.#go = Promise.withResolvers();
    this.#came = Promise.withResolvers();
    go.resolve(undefined);
    await this.arrival();
  }
}

/** Plays until all have ended. @throws what a player throws. */
export async function takeTurns(
  draw: (limit: number) => number,
  plays: readonly ((turn: Turn) => Promise<void>)[],
): Promise<void> {
  let players = plays.map((play) => new Player(play));
  for (const player of players) await player.arrival();
  while ((players = players.filter(({ ended }) => !ended)).length > 0) {
    await players[draw(players.length)]?.step();
  }
}
