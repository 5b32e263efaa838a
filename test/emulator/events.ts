export interface SentEvent {
  event: string
  data: Record<string, unknown>
}

/** The events of a stream, up to a terminal status or an error event; then it is left, as clients must. */
export async function readEvents(response: Response): Promise<SentEvent[]> {
  const events: SentEvent[] = []
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
    const blocks = (text + piece.value).split('\n\n')
    text = blocks.pop() ?? ''
    events.push(...blocks.map(parseEvent))
    if (events.some(isLast)) await reader?.cancel()
  }
  return events
}

/** The wire form: an event name, and all data on one line. */
function parseEvent(block: string): SentEvent {
  const [, event, data] = /^event: ?(\w+)\ndata: ?(.*)$/.exec(block) ?? []
  if (event === undefined || data === undefined) throw new TypeError(`Expected an event, got ${block}`)
  return { event, data: JSON.parse(data) }
}

function isLast({ event, data }: SentEvent): boolean {
  return event === 'error' || ['SUCCEEDED', 'FAILED', 'CANCELED'].includes(String(data.status))
}
