/** Version that the stand-in claims; in every error body. */
export const SERVER_VERSION = '1.9.5';

/** A refusal as Appwrite words it: HTTP status, machine type, text. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.type = type;
  }

  toBody(): { message: string; code: number; type: string; version: string } {
    return { message: this.message, code: this.status, type: this.type, version: SERVER_VERSION };
  }
}

export function invalidArgument(message: string): ApiError {
  return new ApiError(400, 'general_argument_invalid', message);
}

export function invalidQuery(message: string): ApiError {
  return new ApiError(400, 'general_query_invalid', message);
}

/** `what` is Appwrite's word for the thing, such as `table` or `column_index`. */
export function notFound(what: string, id: string): ApiError {
  const label = what.replaceAll('_', ' ');
  const name = label.charAt(0).toUpperCase() + label.slice(1);
  return new ApiError(404, `${what}_not_found`, `${name} with the requested ID '${id}' could not be found.`);
}

export function alreadyExists(what: string, id: string): ApiError {
  const label = what.replaceAll('_', ' ');
  const name = label.charAt(0).toUpperCase() + label.slice(1);
  return new ApiError(
    409,
    `${what}_already_exists`,
    `${name} with the requested ID '${id}' already exists. Try again with a different ID or use ID.unique() to generate a unique ID.`,
  );
}
