/** Describes a failure, for docs/errors.md and for readers of the code. */
interface Failure {
  /** What causes it. */
  cause: string
  /** What to do. */
  next: string
  /** Whether credits have been spent by the time it is shown. */
  paid: 'no' | 'maybe' | 'yes'
}

/** Every expected failure, sorted by code. docs/errors.md is generated from this list. */
export const failures = {
  MESHY_ABORTED: {
    cause:
      'The run was stopped (Ctrl-C, a closed server) while a model was on its way, or another machine or project ' +
      'took the model over while this run hung.',
    next: 'Run again. The journal has the task, so the next run resumes it without paying again.',
    paid: 'maybe',
  },
  MESHY_API_BAD_RESPONSE: {
    cause:
      'The API returned an answer that its reference does not allow, such as invalid JSON or no task ID.',
    next: 'Check `baseUrl` and any proxy in between, then run again.',
    paid: 'maybe',
  },
  MESHY_API_FORBIDDEN: {
    cause: 'The API answered 403: the plan of the account does not include this call.',
    next: 'Check the plan of the account at meshy.ai.',
    paid: 'no',
  },
  MESHY_API_NETWORK: {
    cause: 'The API could not be reached, or the connection kept failing through all retries.',
    next: 'Check the network, `baseUrl` and HTTPS_PROXY, then run again.',
    paid: 'no',
  },
  MESHY_API_NOT_FOUND: {
    cause: 'The API answered 404: there is no such task, or no such route.',
    next: 'Check `baseUrl` and the task ID.',
    paid: 'no',
  },
  MESHY_API_QUEUE_FULL: {
    cause: 'The queue of the account stayed full for the whole `taskTimeout`.',
    next: 'Wait for other tasks of the account to finish, or lower `concurrency`.',
    paid: 'no',
  },
  MESHY_API_RATE_LIMITED: {
    cause: 'The API kept answering 429 through all retries.',
    next: 'Lower `requestsPerSecond`, or wait for other users of the account to finish.',
    paid: 'no',
  },
  MESHY_API_REJECTED: {
    cause: 'The API rejected the request as invalid (400, 409, 413 or 422) and gave a reason.',
    next: 'Change the image or the directive that the message names. To try the same request again, run `unplugin-meshy forget`.',
    paid: 'no',
  },
  MESHY_API_SERVER: {
    cause: 'The API kept answering 5xx through all retries of a read.',
    next: 'Run again later. Nothing is lost, and the run resumes what was already paid for.',
    paid: 'maybe',
  },
  MESHY_AUTH_MISSING: {
    cause: 'A model must be fetched or generated, or a command asks the service, but there is no API key.',
    next: 'Set MESHY_API_KEY in the environment or in `.env.local`.',
    paid: 'no',
  },
  MESHY_AUTH_REJECTED: {
    cause: 'The API answered 401: the API key is wrong or was revoked.',
    next: 'Create a new key at meshy.ai and set MESHY_API_KEY.',
    paid: 'no',
  },
  MESHY_BLOB_DAMAGED: {
    cause: 'The contents of a file in the cache do not match the SHA-256 in its name.',
    next: 'Build again. While Meshy keeps the task, the file is fetched from it without paying.',
    paid: 'no',
  },
  MESHY_BLOB_LFS_POINTER: {
    cause: 'A file in the cache is a Git LFS pointer whose bytes were never pulled.',
    next: 'Run `git lfs pull`. In CI, enable LFS for the checkout.',
    paid: 'no',
  },
  MESHY_BLOB_MISSING: {
    cause: 'A file that an entry refers to is not in the cache.',
    next: 'Build again. While Meshy keeps the task, the file is fetched from it without paying.',
    paid: 'no',
  },
  MESHY_BUDGET_EXCEEDED: {
    cause: 'The missing models cost more than `maxCredits` allows for one run.',
    next: 'Raise `maxCredits` or MESHY_MAX_CREDITS, or import fewer new models at once.',
    paid: 'no',
  },
  MESHY_BUILD_FAILED: {
    cause:
      'A command ran the build of the project, and the build failed for a reason unrelated to the plugin.',
    next: 'Run the build on its own and fix what it reports.',
    paid: 'maybe',
  },
  MESHY_CACHE_CORRUPT: {
    cause:
      'A record in the cache is not as the plugin wrote it: it is truncated, was edited, or has a different schema.',
    next: 'Restore the named file, or pin the model in `blobs` with `unplugin-meshy pin`. If the lockfile pins the model, delete the file.',
    paid: 'no',
  },
  MESHY_CACHE_UNREADABLE: {
    cause: 'The cache folder cannot be read: permissions are missing, or the disk reports an error.',
    next: 'Fix the permissions of the file that the message names, then run again.',
    paid: 'no',
  },
  MESHY_CACHE_UNWRITABLE: {
    cause:
      'The cache folder cannot be written: it is read-only, the disk is full, or permissions are missing.',
    next: 'Free disk space or fix the permissions of the cache folder, then run again.',
    paid: 'maybe',
  },
  MESHY_CACHE_VERSION: {
    cause: 'A record was written by a later version of unplugin-meshy.',
    next: 'Update unplugin-meshy.',
    paid: 'no',
  },
  MESHY_COMMAND_REFUSED: {
    cause: 'A command would lose a model, or give an import the model of another import.',
    next: 'First do what the message says, or pass `--force` if the command has it.',
    paid: 'no',
  },
  MESHY_CREDITS_EXHAUSTED: {
    cause: 'The API answered 402: the account does not have enough credits.',
    next: 'Buy credits. Tasks that were already accepted are still waited for and stored.',
    paid: 'maybe',
  },
  MESHY_DERIVE_CRASHED: {
    cause: 'The worker that derives models died, for example because it ran out of memory.',
    next: 'Run again, or remove the directives that derive from the model.',
    paid: 'no',
  },
  MESHY_DERIVE_FAILED: {
    cause: 'A derivation step, or one of the `transforms`, failed on a model.',
    next: 'Remove the step that fails. The model itself is stored and is not paid for again.',
    paid: 'no',
  },
  MESHY_DERIVE_UNAVAILABLE: {
    cause:
      'A directive derives from a model, but an optional package that it needs is not installed on this machine.',
    next: 'Install the packages that the message names.',
    paid: 'no',
  },
  MESHY_DERIVE_UNSUPPORTED: {
    cause: 'A model requires a glTF extension that the derivation library does not support.',
    next: 'Remove the directives that derive from the model, or export the model without that extension.',
    paid: 'no',
  },
  MESHY_DERIVE_WRONG: {
    cause:
      'The result of a derivation step is no longer the same model: its size, its triangles, its clips, or something ' +
      'that code looks up by name changed. The message names the step and the numbers.',
    next: 'Remove that step, and report it together with the model. Its result is discarded.',
    paid: 'no',
  },
  MESHY_DIRECTIVE_CONFLICT: {
    cause: 'Two directives exclude each other, or one has no effect because of the other.',
    next: 'Remove one of the two.',
    paid: 'no',
  },
  MESHY_DIRECTIVE_INVALID: {
    cause: 'A directive has a value that the API would reject.',
    next: 'Use a value from the directive table in the README.',
    paid: 'no',
  },
  MESHY_DIRECTIVE_UNKNOWN: {
    cause: 'An import has a directive that does not exist.',
    next: 'Use the nearest directive, which the message names.',
    paid: 'no',
  },
  MESHY_DOWNLOAD_FAILED: {
    cause: 'A file of a finished task could not be fetched, even after all retries.',
    next: 'Run again. The service keeps the task for three days, and the file is fetched without paying.',
    paid: 'yes',
  },
  MESHY_DOWNLOAD_INVALID: {
    cause:
      'A file of a finished task is not what it should be: it is truncated, is HTML, or has no glTF header.',
    next: 'Run again. The file is fetched again without paying. If the error persists, report the task to Meshy; `unplugin-meshy forget` gives the model up.',
    paid: 'yes',
  },
  MESHY_DOWNLOAD_URL: {
    cause:
      'A file of a task would have to be fetched from an address that is not https, or that leads from the internet to ' +
      'this machine or to a private network.',
    next: 'Check `baseUrl`. The server behind it does not behave like the service.',
    paid: 'yes',
  },
  MESHY_EXTRA_UNAVAILABLE: {
    cause:
      'An import asks for another file of a model that is already pinned, but its task is gone or cannot be queried.',
    next: 'Set MESHY_API_KEY if it is missing. Otherwise remove the directive, or run `unplugin-meshy forget` and pay for a new model.',
    paid: 'no',
  },
  MESHY_FILE_OUTSIDE: {
    cause:
      'An import names an image, view, texture image or recipe outside the workspace and the importing package, possibly ' +
      'through a link, or one that the dev server itself does not serve.',
    next: 'Copy the file next to the module that imports it. For the dev server, add its folder to `server.fs.allow`.',
    paid: 'no',
  },
  MESHY_GIT_FAILED: {
    cause: 'A command asked git for a revision of the lockfile, and git failed.',
    next: 'Fix what git reports, usually an unknown revision or a shallow clone.',
    paid: 'no',
  },
  MESHY_GLB_INVALID: {
    cause:
      'A file is not a binary glTF 2.0 file, or its JSON declares more vertices, indices or bytes than the file contains.',
    next: 'Export the model as GLB.',
    paid: 'no',
  },
  MESHY_IMAGE_CHANGED: {
    cause: 'An image changed on disk after it was read and before it was sent.',
    next: 'Save the image and build again.',
    paid: 'no',
  },
  MESHY_IMAGE_INVALID: {
    cause: 'The contents of an image are empty, truncated, neither PNG nor JPEG, or a Git LFS pointer.',
    next: 'Export the image as PNG or JPEG. For a Git LFS pointer, run `git lfs pull`.',
    paid: 'no',
  },
  MESHY_IMAGE_MISMATCH: {
    cause:
      'The model that is pinned for the key of an import was made from a different image than the current one.',
    next: 'Restore the image that the model was made from. For a model of the new image, `forget` the old model.',
    paid: 'no',
  },
  MESHY_IMAGE_NOT_FOUND: {
    cause: 'An imported image, a view or a texture image does not exist.',
    next: 'Fix the path. Views and texture images are relative to the imported image.',
    paid: 'no',
  },
  MESHY_IMPORT_NOT_ALLOWED: {
    cause:
      'A package in `node_modules` imports a model that is neither stored nor pinned, and the package may not spend credits.',
    next: 'To let it spend, add it to the option `allow`. Otherwise remove the code that imports the model.',
    paid: 'no',
  },
  MESHY_IMPORT_REMOVED: {
    cause:
      'A dev server or a watching build was about to submit a model whose import, or image, was edited in the meantime. ' +
      'It says so and continues.',
    next: 'To generate the model, import it again.',
    paid: 'no',
  },
  MESHY_IMPORT_UNKNOWN: {
    cause:
      'A model module was requested whose import this run has not seen, for example by a page from an earlier server.',
    next: 'Reload the page.',
    paid: 'no',
  },
  MESHY_INSPECTOR_MISSING: {
    cause: 'The files of the page at `/__meshy/` are missing from the package.',
    next: 'Reinstall `unplugin-meshy`. In its own repository, run `npm run build`.',
    paid: 'no',
  },
  MESHY_INSPECTOR_REMOTE: {
    cause:
      'A button of the page at `/__meshy/` that can spend credits was pressed on a machine other than the one that runs the server.',
    next: 'Open the page as `localhost` on the machine that runs the server, or approve in its terminal.',
    paid: 'no',
  },
  MESHY_JOURNAL_INVALID: {
    cause:
      'A journal record is not as the plugin wrote it, so it is unknown whether its model is being paid for.',
    next:
      'Run `unplugin-meshy forget <key>` with the key that the message names. If the account has a task that carries ' +
      'the key, the next build adopts it; only otherwise does it pay.',
    paid: 'maybe',
  },
  MESHY_JOURNAL_OTHER_ACCOUNT: {
    cause: 'A model is on its way under a different API key or service, so this run cannot look it up.',
    next: 'Run once with that key, or give the model up with `unplugin-meshy forget`.',
    paid: 'maybe',
  },
  MESHY_KEY_EXPOSED: {
    cause:
      'A variable that holds the API key starts with a prefix (`envPrefix`) whose variables Vite exposes to every page.',
    next: 'Remove the prefix from `envPrefix`, or unset the variable that the message names.',
    paid: 'no',
  },
  MESHY_LOCKFILE_CONFLICT: {
    cause: 'The lockfile contains the conflict markers of a git merge.',
    next: 'Run `unplugin-meshy merge`.',
    paid: 'no',
  },
  MESHY_LOCKFILE_EMPTY: {
    cause: '`verify` found no lockfile, or one that pins nothing, so there was nothing to check.',
    next: 'Run it where the lockfile is, or pass the folder of the bundler with `--root`.',
    paid: 'no',
  },
  MESHY_LOCKFILE_INVALID: {
    cause: 'The lockfile is truncated, was edited, or contains an entry that contradicts its own key.',
    next: 'Restore the file from git. If it was never in git, delete it; the models stored on this machine are pinned again for free.',
    paid: 'no',
  },
  MESHY_LOCKFILE_VERSION: {
    cause: 'The lockfile was written by a later version of unplugin-meshy.',
    next: 'Update unplugin-meshy.',
    paid: 'no',
  },
  MESHY_MODEL_MISSING: {
    cause: 'A model is not pinned, and the run is `frozen`, so it spends nothing.',
    next: 'Build on your machine and commit the lockfile and the blobs, or set MESHY_MODE=generate.',
    paid: 'no',
  },
  MESHY_MODEL_UNKNOWN: {
    cause: 'A command names a key that is neither pinned, nor stored, nor on its way.',
    next: 'List the keys with `unplugin-meshy status`, or name the model by its import.',
    paid: 'no',
  },
  MESHY_MODEL_UNRESTORABLE: {
    cause:
      'The bytes of a pinned model are missing or damaged, and cannot be fetched again. The plugin never pays for it again by itself.',
    next: 'If a store could not be reached, build again when it can. Set MESHY_API_KEY if it is missing. Otherwise restore the bytes, or run `unplugin-meshy forget` and pay for a new model.',
    paid: 'no',
  },
  MESHY_NOT_SUBMITTED: {
    cause: 'A model is missing, but the build will fail because of another import, so nothing is paid.',
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
      'A model has more bytes or triangles than `maxBytes` or `maxTriangles` allows, and `oversize` is `error`.',
    next: 'Add the directive that the message names, which is free, or raise the limit.',
    paid: 'no',
  },
  MESHY_OUTPUT_UNWRITABLE: {
    cause:
      'A file cannot be copied to the output: the folder is read-only, the disk is full, or permissions are missing.',
    next: 'Free disk space or fix the permissions of the output folder, then build again.',
    paid: 'no',
  },
  MESHY_PATH_UNSUPPORTED: {
    cause:
      'The path of an image or of the project contains a `#`, which the bundler treats as the end of the path. Vite and ' +
      'webpack do so in the path of the project; dev servers of Vite also do so in the path of an image.',
    next: 'Rename the file or folder that has a `#` in its name.',
    paid: 'no',
  },
  MESHY_PERMISSION_MISSING: {
    cause:
      'A model that seemed to be on its way turned out to be missing, and this run may not pay by itself. A dev server ' +
      'asks in this case.',
    next: 'Approve it in the dev server, or set MESHY_MODE=generate for this run.',
    paid: 'no',
  },
  MESHY_PLAN_ONLY: {
    cause: 'The build ran with MESHY_MODE=plan, which stops it before anything is written.',
    next: 'Unset MESHY_MODE to build.',
    paid: 'no',
  },
  MESHY_PLUGIN_SHARED: {
    cause:
      'Two different builds use one plugin object at the same time: with different roots, or one of them watches.',
    next: 'Call the plugin anew for each build, or run the builds one after the other.',
    paid: 'no',
  },
  MESHY_PLUGIN_UNSEEN: {
    cause: '`plan` or `generate` ran a command to completion, but nothing that it ran uses the plugin.',
    next: 'Add the plugin to the config of the bundler, or pass the build command after `--`.',
    paid: 'no',
  },
  MESHY_PREVIEW_CRASHED: {
    cause: 'The worker that makes stand-ins died, for example because it ran out of memory.',
    next: 'Run again. In the meantime, a card stands in for the model.',
    paid: 'no',
  },
  MESHY_PREVIEW_UNAVAILABLE: {
    cause:
      'An optional library that stand-ins need, `sharp` or `meshoptimizer`, is not installed on this machine.',
    next: 'Install both, or continue with cards as stand-ins.',
    paid: 'no',
  },
  MESHY_RECIPE_INVALID: {
    cause: 'A recipe (`*.meshy.json`) does not exist, is not valid JSON, or names no image.',
    next: 'Fix the part of the recipe that the message names.',
    paid: 'no',
  },
  MESHY_SUBMIT_UNKNOWN: {
    cause:
      'The answer to a paid request was lost (timeout, reset, 5xx), and no task of the account could be matched to it.',
    next: 'Run again later. If the task exists, it is adopted. To settle the request by hand, run `unplugin-meshy adopt` or `forget`.',
    paid: 'maybe',
  },
  MESHY_TASK_CANCELED: {
    cause: 'A task was canceled at the service before it finished.',
    next: 'Run again to pay for a new task. A canceled task is no longer waited for.',
    paid: 'maybe',
  },
  MESHY_TASK_EXPIRED: {
    cause: 'The service no longer keeps a task, so its files are gone.',
    next: 'Restore the bytes from a colleague or a backup, or run `unplugin-meshy forget` and pay again.',
    paid: 'yes',
  },
  MESHY_TASK_FAILED: {
    cause: 'The service could not generate a model for this request, and refunded it.',
    next: 'Change the image or the directives that the reason names.',
    paid: 'no',
  },
  MESHY_TASK_NO_MODEL: {
    cause: 'A task succeeded, but its answer contains no GLB.',
    next: 'Run again. The task is queried again. If the error persists, report the task to Meshy; after `unplugin-meshy forget`, the next build pays for a new model.',
    paid: 'yes',
  },
  MESHY_TASK_TIMEOUT: {
    cause: 'A task was not finished within `taskTimeout`.',
    next: 'Run again. The run resumes the task without paying.',
    paid: 'yes',
  },
  MESHY_VITE_MISSING: {
    cause:
      'A command had to run the build of a project, but did not find out how, or found no Vite there, or a config without this plugin.',
    next: 'Pass the project with `--root`. `plan` and `generate` also take the build command: `unplugin-meshy plan -- npm run build`.',
    paid: 'no',
  },
} as const satisfies Record<`MESHY_${string}`, Failure>
