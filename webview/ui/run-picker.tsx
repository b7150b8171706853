export function RunPicker() {
  return null;
}
