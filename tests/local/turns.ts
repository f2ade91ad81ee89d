/** Waits for the player's next turn. Several players take turns, one step at a time, in an order that a seed decides. */
export type Turn = () => Promise<void>;

/** Returns a generator of numbers below `limit`, the same numbers for the same seed (mulberry32). */
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
  #turn = Promise.withResolvers<undefined>();
  #arrived = Promise.withResolvers<undefined>();
  ended = false;
  readonly #end: Promise<void>;

  constructor(play: (turn: Turn) => Promise<void>) {
    this.#end = play(() => {
      this.#arrived.resolve(undefined);
      return this.#turn.promise;
    }).finally(() => {
      this.ended = true;
      this.#arrived.resolve(undefined);
    });
    // `step` reports the rejection; without this it would be unhandled before.
    this.#end.catch(() => undefined);
  }

  /** Waits until the player waits for its turn or has ended. */
  async arrival(): Promise<void> {
    await this.#arrived.promise;
    if (this.ended) await this.#end;
  }

  async step(): Promise<void> {
    const turn = this.#turn;
    this.#turn = Promise.withResolvers();
    this.#arrived = Promise.withResolvers();
    turn.resolve(undefined);
    await this.arrival();
  }
}

/** Runs all players to their end. @throws the error of a player. */
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
