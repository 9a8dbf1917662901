// Medians and Markdown.

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of each named figure over the rounds. */
export const medians = (rounds) =>
  Object.fromEntries(Object.keys(rounds[0]).map((key) => [key, median(rounds.map((round) => round[key]))]));

/** A Markdown table; the first column is text, the others are numbers. */
export function markdownTable(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, i) => Math.max(3, ...all.map((row) => row[i].length)));
  const pad = (text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]));
  const line = (row) => `| ${row.map(pad).join(' | ')} |`;
  const rule = `| ${widths.map((w, i) => (i === 0 ? '-'.repeat(w) : `${'-'.repeat(w - 1)}:`)).join(' | ')} |`;
  return [line(all[0]), rule, ...all.slice(1).map(line)].join('\n');
}

/** How a figure of one result compares with another's: of the medians, and between which bounds in single rounds. */
export function compare(result, rival, figure) {
  if (!result || !rival) return null;
  const perRound = result.rounds.map((round, i) => round[figure] / rival.rounds[i][figure]);
  return { ratio: result[figure] / rival[figure], lowest: Math.min(...perRound), highest: Math.max(...perRound) };
}

/** One acceptance line. `comparison` is null where gonet or the rival was not measured. */
export function verdict(claim, comparison, passes) {
  return { claim, ...comparison, result: comparison === null ? 'SKIP' : passes(comparison.ratio) ? 'PASS' : 'FAIL' };
}

export function verdictLine({ claim, ratio, lowest, highest, result }) {
  if (result === 'SKIP') return `SKIP  ${claim}: not measured`;
  return `${result}  ${claim}: ${ratio.toFixed(2)} (in single rounds ${lowest.toFixed(2)} to ${highest.toFixed(2)})`;
}

/** For progress: standard error, so that the report alone is on standard output. */
export const progress = (text) => process.stderr.write(`${text}\n`);
