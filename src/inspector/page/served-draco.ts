import js from 'three/addons/libs/draco/gltf/draco_wasm_wrapper.js?url'
import wasm from 'three/addons/libs/draco/gltf/draco_decoder.wasm?url'
import { createDracoLoader } from './draco.ts'

/** The decoder as files of the server: most projects never need it, so that it is fetched for the first model that does. */
export const dracoLoader = createDracoLoader({ js, wasm })
