// Loaded into the measured process: writes what it used when it exits. Plain JavaScript, so that nothing is compiled there.
import { readFileSync, writeFileSync } from 'node:fs';

const CLOCK_TICKS_PER_S = 100;

/** User and system time of ended children, from `/proc/self/stat`; null elsewhere than on Linux. */
function childrenCpuS() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[13]) + Number(fields[14])) / CLOCK_TICKS_PER_S;
  } catch {
    return null;
  }
}

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const usage = {
    peakRssMb: maxRSS / 1024,
    ownCpuS: (userCPUTime + systemCPUTime) / 1e6,
    childrenCpuS: childrenCpuS(),
  };
  const file = process.env.BENCH_USAGE_FILE;
  if (file) writeFileSync(file, JSON.stringify(usage));
});
