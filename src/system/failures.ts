/** What a failure is about, for docs/errors.md and for people who read the code. */
interface Failure {
  /** What leads to it. */
  cause: string
  /** What to do. */
  next: string
  /** Whether credits were spent when it is shown. */
  paid: 'no' | 'maybe' | 'yes'
}

/** Every failure that we expect, sorted by code. docs/errors.md is generated from this list. */
export const failures = {
  MESHY_ABORTED: {
    cause:
      'The run was stopped (Ctrl-C, a closed server) while a model was on its way, or another machine took it over ' +
      'while this one hung.',
    next: 'Run again: the journal knows the task, and the next run picks it up without paying again.',
    paid: 'maybe',
  },
  MESHY_API_BAD_RESPONSE: {
    cause: 'The API answered with something that its reference does not allow: no JSON, or no task id.',
    next: 'Check `baseUrl` and any proxy in between, then run again.',
    paid: 'maybe',
  },
  MESHY_API_FORBIDDEN: {
    cause: 'The API answered 403: the plan of the account does not include this call.',
    next: 'Check the plan of the account at meshy.ai.',
    paid: 'no',
  },
  MESHY_API_NETWORK: {
    cause: 'The API could not be reached, or the connection broke and stayed broken over all retries.',
    next: 'Check the network, `baseUrl` and HTTPS_PROXY, then run again.',
    paid: 'no',
  },
  MESHY_API_NOT_FOUND: {
    cause: 'The API answered 404: it knows no such task, or no such route.',
    next: 'Check `baseUrl` and the task id.',
    paid: 'no',
  },
  MESHY_API_QUEUE_FULL: {
    cause: 'The queue of the account stayed full for the whole of `taskTimeout`.',
    next: 'Wait for other tasks of the account to finish, or lower `concurrency`.',
    paid: 'no',
  },
  MESHY_API_RATE_LIMITED: {
    cause: 'The API kept answering 429 over all retries.',
    next: 'Lower `requestsPerSecond`, or wait for other users of the account to finish.',
    paid: 'no',
  },
  MESHY_API_REJECTED: {
    cause: 'The API refused the request as invalid (400, 409, 413 or 422) and said why.',
    next: 'Change the image or the directive that the message names; `unplugin-meshy forget` lets the same be tried again.',
    paid: 'no',
  },
  MESHY_API_SERVER: {
    cause: 'The API answered 5xx over all retries of a read.',
    next: 'Run again later: nothing is lost, and what was paid is picked up.',
    paid: 'maybe',
  },
  MESHY_AUTH_MISSING: {
    cause: 'A model has to be fetched or generated, and there is no API key.',
    next: 'Set MESHY_API_KEY in the environment or in `.env`.',
    paid: 'no',
  },
  MESHY_AUTH_REJECTED: {
    cause: 'The API answered 401: the key is wrong or revoked.',
    next: 'Make a new key at meshy.ai and set MESHY_API_KEY.',
    paid: 'no',
  },
  MESHY_BLOB_DAMAGED: {
    cause: 'A file in the cache does not hold the bytes that its name says.',
    next: 'Build again: while Meshy keeps the task, the file is fetched from it without paying.',
    paid: 'no',
  },
  MESHY_BLOB_LFS_POINTER: {
    cause: 'A file in the cache is a Git LFS pointer whose bytes were never pulled.',
    next: 'Run `git lfs pull`; in CI, check out with LFS switched on.',
    paid: 'no',
  },
  MESHY_BLOB_MISSING: {
    cause: 'A file that an entry names is not in the cache.',
    next: 'Build again: while Meshy keeps the task, the file is fetched from it without paying.',
    paid: 'no',
  },
  MESHY_BUDGET_EXCEEDED: {
    cause: 'The models that are missing cost more than `maxCredits` allows for one run.',
    next: 'Raise `maxCredits` or MESHY_MAX_CREDITS, or import fewer new models at once.',
    paid: 'no',
  },
  MESHY_BUILD_FAILED: {
    cause: 'A command runs the build of the project, and that failed for a reason that is not ours.',
    next: 'Run the build itself, and fix what it says.',
    paid: 'maybe',
  },
  MESHY_CACHE_CORRUPT: {
    cause: 'A record in the cache is not what we wrote: truncated, edited, or with another schema.',
    next: 'Restore the named file, or `unplugin-meshy pin` the model in `blobs`. Where the lockfile pins it, delete the file.',
    paid: 'no',
  },
  MESHY_CACHE_UNREADABLE: {
    cause: 'The cache folder cannot be read: missing rights, or the disk reports an error.',
    next: 'Fix the rights of the file that the message names, then run again.',
    paid: 'no',
  },
  MESHY_CACHE_UNWRITABLE: {
    cause: 'The cache folder cannot be written: read-only, full disk, or missing rights.',
    next: 'Free space or fix the rights of the cache folder, then run again.',
    paid: 'maybe',
  },
  MESHY_CACHE_VERSION: {
    cause: 'A record was written by a later version of unplugin-meshy.',
    next: 'Update unplugin-meshy.',
    paid: 'no',
  },
  MESHY_COMMAND_REFUSED: {
    cause: 'A command would lose a model, or give an import the model of another one.',
    next: 'Do first what the message names, or say `--force` where the command has it.',
    paid: 'no',
  },
  MESHY_CREDITS_EXHAUSTED: {
    cause: 'The API answered 402: the account has not enough credits.',
    next: 'Buy credits. What was already accepted is waited for and stored.',
    paid: 'maybe',
  },
  MESHY_DERIVE_CRASHED: {
    cause: 'The worker that derives models died, out of memory for instance.',
    next: 'Run again, or leave out the directives that derive.',
    paid: 'no',
  },
  MESHY_DERIVE_FAILED: {
    cause: 'A step that derives from a model, or one of `transforms`, failed on it.',
    next: 'Leave out the step that fails; the model itself is stored and is not paid again.',
    paid: 'no',
  },
  MESHY_DERIVE_UNAVAILABLE: {
    cause:
      'A directive derives from a model, and an optional package that it needs is not installed for this machine.',
    next: 'Install the packages that the message names.',
    paid: 'no',
  },
  MESHY_DERIVE_UNSUPPORTED: {
    cause: 'A model requires an extension of glTF that the library does not read which derives from models.',
    next: 'Leave out the directives that derive, or export the model without that extension.',
    paid: 'no',
  },
  MESHY_DERIVE_WRONG: {
    cause:
      'What a step made of a model is not that model any more: its size, its triangles, its clips, or something that code ' +
      'asks for by name changed. The message names the step and the numbers.',
    next: 'Leave out that step, and report it with the model; nothing is kept of what it made.',
    paid: 'no',
  },
  MESHY_DIRECTIVE_CONFLICT: {
    cause: 'Two directives exclude each other, or one has no effect because of another.',
    next: 'Remove one of the two.',
    paid: 'no',
  },
  MESHY_DIRECTIVE_INVALID: {
    cause: 'A directive has a value that the API would refuse.',
    next: 'Use a value from the directive table of the README.',
    paid: 'no',
  },
  MESHY_DIRECTIVE_UNKNOWN: {
    cause: 'An import has a directive that does not exist.',
    next: 'Use the nearest directive that the message names.',
    paid: 'no',
  },
  MESHY_DOWNLOAD_FAILED: {
    cause: 'A file of a finished task could not be fetched over all retries.',
    next: 'Run again: the task is kept for three days, and the file is fetched without paying.',
    paid: 'yes',
  },
  MESHY_DOWNLOAD_INVALID: {
    cause: 'A file of a finished task is not what it should be: truncated, HTML, no glTF header.',
    next: 'Run again: the file is fetched anew without paying. If it stays, report the task to Meshy; `unplugin-meshy forget` gives it up.',
    paid: 'yes',
  },
  MESHY_DOWNLOAD_URL: {
    cause:
      'A file of a task would have to be fetched from an address that is not https, or that leads from the internet to ' +
      'this machine or into a private network.',
    next: 'Check `baseUrl`: the server behind it does not answer like the service.',
    paid: 'yes',
  },
  MESHY_EXTRA_UNAVAILABLE: {
    cause:
      'An import wants another file of a model that is pinned already, and its task is gone or cannot be asked.',
    next: 'Set MESHY_API_KEY where it is missing; else leave the directive out, or `unplugin-meshy forget` the model to pay for a new one.',
    paid: 'no',
  },
  MESHY_FILE_OUTSIDE: {
    cause:
      'An import names a picture, view, texture image or recipe outside of the workspace and of the importing package, also ' +
      'by a link; or one that the dev server itself does not give out.',
    next: 'Copy it beside the module that imports it; for the dev server, add its folder to `server.fs.allow`.',
    paid: 'no',
  },
  MESHY_GIT_FAILED: {
    cause: 'A command asked git for a revision of the lockfile, and git failed.',
    next: 'Fix what git says: mostly an unknown revision, or a shallow clone.',
    paid: 'no',
  },
  MESHY_GLB_INVALID: {
    cause:
      'A file is not a binary glTF 2.0 file, or its JSON claims more vertices, indices or bytes than are in it.',
    next: 'Export the model as GLB.',
    paid: 'no',
  },
  MESHY_IMAGE_CHANGED: {
    cause: 'An image was changed on disk between the reading and the sending.',
    next: 'Save the image and build again.',
    paid: 'no',
  },
  MESHY_IMAGE_INVALID: {
    cause: 'An image is empty, truncated, not PNG or JPEG by its bytes, or a Git LFS pointer.',
    next: 'Export the image as PNG or JPEG; run `git lfs pull` for a pointer.',
    paid: 'no',
  },
  MESHY_IMAGE_MISMATCH: {
    cause:
      'A model is pinned for the key of an import, and was made of another picture than the one that is there now.',
    next: 'Restore the picture that the model was made of; to have one of the new picture, `forget` the old one.',
    paid: 'no',
  },
  MESHY_IMAGE_NOT_FOUND: {
    cause: 'An imported image, a view or a texture image does not exist.',
    next: 'Fix the path: views and texture images are relative to the imported image.',
    paid: 'no',
  },
  MESHY_IMPORT_NOT_ALLOWED: {
    cause:
      'A package in `node_modules` imports a model that is neither here nor pinned, and is not allowed to spend.',
    next: 'Name it in the option `allow` if it may, or do without what imports the model.',
    paid: 'no',
  },
  MESHY_IMPORT_UNKNOWN: {
    cause:
      'A module of a model was asked for whose import this run has not seen, such as by a page of an earlier server.',
    next: 'Reload the page.',
    paid: 'no',
  },
  MESHY_INSPECTOR_MISSING: {
    cause: 'The files of the page at `/__meshy/` are not where the package has them.',
    next: 'Install `unplugin-meshy` again; in its own repository, run `npm run build`.',
    paid: 'no',
  },
  MESHY_INSPECTOR_REMOTE: {
    cause:
      'A button of the page at `/__meshy/` that can spend was pressed from another machine than the server runs on.',
    next: 'Open the page on the machine that runs the server, as `localhost`, or say yes in its terminal.',
    paid: 'no',
  },
  MESHY_JOURNAL_INVALID: {
    cause: 'A journal record is not what we wrote, so it is not known whether its model is being paid for.',
    next:
      '`unplugin-meshy forget <key>` with the key that the message names; then the next build takes its task over, if ' +
      'the account has one that carries the key, and pays only otherwise.',
    paid: 'maybe',
  },
  MESHY_JOURNAL_OTHER_ACCOUNT: {
    cause: 'A model is on its way with another API key or another service, so this run cannot look it up.',
    next: 'Run once with that key, or `unplugin-meshy forget` the model.',
    paid: 'maybe',
  },
  MESHY_KEY_EXPOSED: {
    cause: 'A variable that holds the API key begins like those that Vite gives to every page (`envPrefix`).',
    next: 'Take the prefix out of `envPrefix`, or unset the variable that the message names.',
    paid: 'no',
  },
  MESHY_LOCKFILE_CONFLICT: {
    cause: 'The lockfile holds the conflict markers of a git merge.',
    next: 'Run `unplugin-meshy merge`.',
    paid: 'no',
  },
  MESHY_LOCKFILE_EMPTY: {
    cause: '`verify` found no lockfile, or one that pins nothing: it had nothing to check.',
    next: 'Run it where the lockfile is, or name the folder of the bundler by `--root`.',
    paid: 'no',
  },
  MESHY_LOCKFILE_INVALID: {
    cause: 'The lockfile is truncated, was edited, or has an entry that contradicts its own key.',
    next: 'Restore the file from git. Where git never had it, delete it: what this machine has stored is pinned again, free.',
    paid: 'no',
  },
  MESHY_LOCKFILE_VERSION: {
    cause: 'The lockfile was written by a later version of unplugin-meshy.',
    next: 'Update unplugin-meshy.',
    paid: 'no',
  },
  MESHY_MODEL_MISSING: {
    cause: 'A model is not pinned, and the run is `frozen`: it spends nothing.',
    next: 'Build on your machine and commit the lockfile and the blobs, or set MESHY_MODE=generate.',
    paid: 'no',
  },
  MESHY_MODEL_UNKNOWN: {
    cause: 'A command names a key that is not pinned, not stored and not on its way.',
    next: 'See the keys with `unplugin-meshy status`, or name the model by its import.',
    paid: 'no',
  },
  MESHY_MODEL_UNRESTORABLE: {
    cause:
      'The bytes of a pinned model are missing or damaged, and cannot be fetched again. It is never paid again by itself.',
    next: 'Set MESHY_API_KEY where it is missing; else restore the bytes, or `unplugin-meshy forget` the model to pay for a new one.',
    paid: 'no',
  },
  MESHY_NOT_SUBMITTED: {
    cause: 'A model is missing, and the build is bound to fail for another import, so nothing is paid.',
    next: 'Fix the other import, then build again.',
    paid: 'no',
  },
  MESHY_OPTIONS_INVALID: {
    cause: 'An option of the plugin, of `meshy.config` or of the environment is invalid.',
    next: 'Fix the option that the message names.',
    paid: 'no',
  },
  MESHY_OUTPUT_TOO_LARGE: {
    cause:
      'A model has more bytes or triangles than `maxBytes` or `maxTriangles` allow, and `oversize` is `error`.',
    next: 'Add the directive that the message names, which is free, or raise the limit.',
    paid: 'no',
  },
  MESHY_OUTPUT_UNWRITABLE: {
    cause: 'A file cannot be copied into the output: read-only, full disk, or missing rights.',
    next: 'Free space or fix the rights of the output folder, then build again.',
    paid: 'no',
  },
  MESHY_PATH_UNSUPPORTED: {
    cause:
      'A picture, or the project, lies in a path with a `#`, which the bundler takes for the end of the path: Vite and ' +
      'webpack do so in the path of the project, dev servers of Vite also in that of a picture.',
    next: 'Rename the file or folder that has the `#` in its name.',
    paid: 'no',
  },
  MESHY_PERMISSION_MISSING: {
    cause:
      'A model that seemed to be on its way turned out to be missing, in a run that may not pay by itself; a dev ' +
      'server asks then.',
    next: 'Say yes in the dev server, or set MESHY_MODE=generate for this run.',
    paid: 'no',
  },
  MESHY_PLAN_ONLY: {
    cause: 'The build ran with MESHY_MODE=plan, which ends it before anything is written.',
    next: 'Unset MESHY_MODE to build.',
    paid: 'no',
  },
  MESHY_PLUGIN_UNSEEN: {
    cause: '`plan` or `generate` ran a command to its end, and nothing that it ran has the plugin.',
    next: 'Add the plugin to the config of the bundler, or name the command that builds behind `--`.',
    paid: 'no',
  },
  MESHY_PREVIEW_CRASHED: {
    cause: 'The worker that makes stand-ins died, out of memory for instance.',
    next: 'Run again. A card stands in for the model meanwhile.',
    paid: 'no',
  },
  MESHY_PREVIEW_UNAVAILABLE: {
    cause:
      'An optional library that stand-ins need, `sharp` or `meshoptimizer`, is not installed for this machine.',
    next: 'Install both, or go on with cards as stand-ins.',
    paid: 'no',
  },
  MESHY_RECIPE_INVALID: {
    cause: 'A recipe (`*.meshy.json`) does not exist, is not valid JSON, or names no image.',
    next: 'Fix what the message names in the recipe.',
    paid: 'no',
  },
  MESHY_SUBMIT_UNKNOWN: {
    cause:
      'The answer to a paid request was lost (timeout, reset, 5xx), and no task of the account could be matched.',
    next: 'Run again later: if the task exists, it is adopted. `unplugin-meshy adopt` or `forget` settles it by hand.',
    paid: 'maybe',
  },
  MESHY_TASK_CANCELED: {
    cause: 'A task was canceled at the service before it finished.',
    next: 'Run again to pay for a new one: a canceled task is not waited for any more.',
    paid: 'maybe',
  },
  MESHY_TASK_EXPIRED: {
    cause: 'A task is past its retention at the service, so its files are gone.',
    next: 'Restore the bytes from a colleague or a backup, or `unplugin-meshy forget` the model to pay again.',
    paid: 'yes',
  },
  MESHY_TASK_FAILED: {
    cause: 'The service could not make a model of this request and refunded it.',
    next: 'Change the image or the directives that the reason names.',
    paid: 'no',
  },
  MESHY_TASK_NO_MODEL: {
    cause: 'A task succeeded, but its answer holds no GLB.',
    next: 'Run again: the task is asked anew. If it stays, report it to Meshy; `unplugin-meshy forget` lets the next build pay for a new one.',
    paid: 'yes',
  },
  MESHY_TASK_TIMEOUT: {
    cause: 'A task was not finished within `taskTimeout`.',
    next: 'Run again: the task is picked up without paying.',
    paid: 'yes',
  },
  MESHY_VITE_MISSING: {
    cause:
      'A command runs the build of a Vite project, and found no Vite there, or no plugin of ours in its config.',
    next: 'Name the project by `--root`; for other bundlers, run the build with MESHY_MODE=plan or generate.',
    paid: 'no',
  },
} as const satisfies Record<`MESHY_${string}`, Failure>
