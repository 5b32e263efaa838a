import { mustSucceed, type Finished, type Project } from './project.ts'

/** A repository in a project, whatever the machine's own settings of git are. */
export interface Repository {
  /** Runs git; throws when it fails. */
  git(...args: string[]): Promise<string>
  /** Runs git, which may fail: a merge with conflicts does. */
  tryGit(...args: string[]): Promise<Finished>
  commitAll(message: string): Promise<void>
}

const SETTINGS = ['user.name=Somebody', 'user.email=somebody@example.com', 'commit.gpgsign=false']
const ENV = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }

export async function initRepository(project: Project): Promise<Repository> {
  const tryGit = (...args: string[]) =>
    project.run('git', [...SETTINGS.flatMap((setting) => ['-c', setting]), ...args], { env: ENV })
  const git = async (...args: string[]) => (await mustSucceed(tryGit(...args))).stdout
  await git('init', '--quiet', '--initial-branch', 'main')
  return {
    git,
    tryGit,
    commitAll: async (message) => {
      await git('add', '--all')
      await git('commit', '--quiet', '--message', message)
    },
  }
}
