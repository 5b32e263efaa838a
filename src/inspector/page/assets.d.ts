/** The URL of a file that the bundler of the page puts beside it. */
declare module '*?url' {
  const url: string
  export default url
}
