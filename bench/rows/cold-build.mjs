import { runChild } from '../lib/child.mjs'
import { createProject, entryOf } from '../lib/project.mjs'

/** A cold build, compared with the best time that the account's limits allow. */
export async function measure({ tasks = 40, taskMs = 5000, slots = 10, requestsPerSecond = 20 } = {}) {
  const project = await createProject({ pictures: tasks, pictureSize: 64 })
  const { root } = project
  try {
    await project.write(
      'models.js',
      entryOf(
        tasks,
        (i) => `./pictures/p${i}.png?meshy`,
        (name) => `${name}.url`,
      ),
    )
    const found = await runChild('cold', { root, entry: 'models.js', taskMs, slots, requestsPerSecond })
    const byTasks = Math.ceil(tasks / slots) * taskMs
    const byRequests = (found.requests / requestsPerSecond) * 1000
    return { tasks, taskMs, slots, requestsPerSecond, ...found, idealMs: Math.max(byTasks, byRequests) }
  } finally {
    await project.remove()
  }
}
