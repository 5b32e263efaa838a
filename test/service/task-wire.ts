import { z } from 'zod'
import { TASK_KINDS } from '../../src/request/task-kinds.ts'
import { TASK_STATUSES } from '../../src/service/task.ts'

const link = z.string().min(1)
const moment = z.int().min(0)

/**
 * A task as the API sends it: the documented shape.
 *
 * Real answers deviate from it, so reading goes through `parseTask`, which is looser.
 */
export const taskWireSchema = z.looseObject({
  id: z.string().min(1),
  type: z.enum(TASK_KINDS),
  name: z.string().optional(),
  /** A format that was not made is left out. */
  model_urls: z.looseObject({
    glb: link.optional(),
    fbx: link.optional(),
    obj: link.optional(),
    mtl: link.optional(),
    usdz: link.optional(),
    stl: link.optional(),
    '3mf': link.optional(),
    pre_remeshed_glb: link.optional(),
  }),
  thumbnail_url: z.string(),
  /** Only when they were asked for. */
  alpha_thumbnail_url: z.string().optional(),
  thumbnail_urls: z
    .looseObject({
      front: link.optional(),
      right: link.optional(),
      back: link.optional(),
      left: link.optional(),
    })
    .optional(),
  texture_prompt: z.string(),
  texture_image_url: z.string().optional(),
  progress: z.int().min(0).max(100),
  /** Milliseconds since 1970; 0 until it happens. */
  created_at: moment,
  started_at: moment,
  finished_at: moment,
  expires_at: moment,
  status: z.enum(TASK_STATUSES),
  /** Usually one object; the maps besides `base_color` need `enable_pbr`. */
  texture_urls: z.array(
    z.looseObject({
      base_color: link,
      metallic: link.optional(),
      normal: link.optional(),
      roughness: link.optional(),
      emission: link.optional(),
    }),
  ),
  /** Place in the queue; only meaningful while `PENDING`. */
  preceding_tasks: z.int().min(0),
  /** `message` is empty unless the task failed. */
  task_error: z.looseObject({
    message: z.string(),
    type: z.string().optional(),
    code: z.string().optional(),
  }),
  consumed_credits: z.number().min(0).optional(),
  /** The model that made it, where the service says so: what `latest` meant then. */
  ai_model: z.string().optional(),
  face_count: z.number().min(0).optional(),
})
export type TaskWire = z.infer<typeof taskWireSchema>
