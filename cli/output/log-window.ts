/** The last lines of a log as they move on: tells which of them were not there before. */
export class LogWindow {
  #before: readonly string[] = [];

  /** @returns the lines after those that were seen already; all of them where nothing is left of those. */
  news(lines: readonly string[]): readonly string[] {
    const before = this.#before;
    this.#before = lines;
    for (let overlap = Math.min(before.length, lines.length); overlap > 0; overlap -= 1) {
      const start = before.length - overlap;
      if (lines.slice(0, overlap).every((line, index) => line === before[start + index]))
        return lines.slice(overlap);
    }
    return lines;
  }
}
