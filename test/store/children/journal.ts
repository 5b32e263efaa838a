import { createJournal } from '../../../src/store/journal.ts'
import { createLayout } from '../../../src/store/layout.ts'
import { sampleStart } from '../samples.ts'

// Takes requests through the journal for ever, saying each step when the journal says that it is durable.
const [cacheDir = ''] = process.argv.slice(2)
const journal = createJournal(createLayout(cacheDir))
for (let round = 1; ; round++) {
  const { key } = await journal.start(sampleStart())
  console.log(`started ${round}`)
  await journal.accept(key, `task-${round}`)
  console.log(`accepted ${round}`)
  await journal.clear(key)
  console.log(`cleared ${round}`)
}
