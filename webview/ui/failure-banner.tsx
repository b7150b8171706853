export function FailureBanner() {
  return null;
}
