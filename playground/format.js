const count = new Intl.NumberFormat('en')
const decimal = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

export function formatCount(value) {
  return count.format(value)
}

export function formatBytes(bytes) {
  return bytes < 1e6 ? `${count.format(Math.round(bytes / 1e3))} kB` : `${decimal.format(bytes / 1e6)} MB`
}

export function formatSize(size) {
  return size.map((length) => length.toFixed(2)).join(' × ')
}
