// Where the figures come from: the machine and the versions, for the head of each report; and which core runs what.
import { cpus, release } from 'node:os';
import { ccVersion, firstLine, goVersion } from './build.mjs';

const tasksetIsThere = firstLine('taskset', ['--version']) !== null;
const pins = tasksetIsThere && cpus().length >= 2;

/** Why nothing is pinned, or null where it is. */
export const whyNotPinned = pins ? null : tasksetIsThere ? 'one core only' : 'taskset is missing';

/** The command, pinned to one core where there are two. taskset replaces itself: the pid is the program's. */
export const pinned = (core, command) => (pins ? ['taskset', '-c', String(core), ...command] : command);

export function describeMachine() {
  const go = goVersion?.match(/go([\d.]+)/)?.[1];
  const cc = ccVersion?.replace(/\(.*\)\s*/, '');
  const versions = [`Node ${process.versions.node}`, go && `Go ${go}`, cc].filter(Boolean);
  return {
    cpu: cpus()[0]?.model ?? 'unknown CPU',
    cores: cpus().length,
    kernel: release(),
    versions: versions.join(', '),
  };
}

export function machineLine() {
  const { cpu, cores, kernel, versions } = describeMachine();
  return `${cpu}, ${cores} cores, Linux ${kernel}; ${versions}.`;
}
