/** Half as much again, in whole dollars. */
export function suggestedBudgetUsd(capUsd: number): number {
  return Math.max(Math.ceil(capUsd * 1.5), Math.floor(capUsd) + 1);
}

/** True for what cannot be a cap above the one that was reached. */
export function budgetProblem(text: string, capUsd: number): boolean {
  const trimmed = text.trim();
  if (!/^\d+(\.\d+)?$/.test(trimmed)) return true;
  return Number(trimmed) <= capUsd;
}
