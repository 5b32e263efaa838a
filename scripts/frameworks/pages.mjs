/** Opens a page for a moment. Errors in the page are errors here. */
export async function withPage(browser, url, use) {
  const page = await browser.newPage()
  const problems = []
  page.on('pageerror', (error) => problems.push(error.message))
  try {
    await page.goto(url)
    const result = await use(page)
    if (problems.length > 0) throw new Error(problems.join('\n'))
    return result
  } catch (error) {
    throw new Error([error.message, ...problems].join('\n'), { cause: error })
  } finally {
    await page.close()
  }
}

/** Waits until the page shows its model in this state; returns the URL of the model. */
export async function waitForModel(page, state) {
  await page.waitForFunction(
    (wanted) =>
      document.querySelector('model-viewer')?.loaded === true &&
      [...document.querySelectorAll('p')].some((p) => p.textContent.endsWith(`triangles, ${wanted}`)),
    state,
    { timeout: 120_000 },
  )
  const { url, same } = await page.evaluate(() => {
    const { src, dataset } = document.querySelector('model-viewer')
    return { url: src, same: dataset.same }
  })
  if (same === 'false') throw new Error('Server and browser have different URLs.')
  return url
}
