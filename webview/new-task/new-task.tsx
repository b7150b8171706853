export function NewTask() {
  return null;
}
