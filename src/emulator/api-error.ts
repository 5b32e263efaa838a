/** A refusal, as the API words it: a status and one field, `message`. */
export class ApiError extends Error {
  readonly status: number
  readonly headers: Record<string, string>

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }

  toResponse(): Response {
    return Response.json({ message: this.message }, { status: this.status, headers: this.headers })
  }
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, message)
}

export function taskNotFound(): ApiError {
  return new ApiError(404, 'Task not found')
}

export function noMatchingRoute(): ApiError {
  return new ApiError(404, 'NoMatchingRoute')
}
