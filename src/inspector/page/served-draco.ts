import js from 'three/addons/libs/draco/gltf/draco_wasm_wrapper.js?url'
import wasm from 'three/addons/libs/draco/gltf/draco_decoder.wasm?url'
import { DRACOLoader } from 'three/addons/loaders/DRACOLoader.js'

/**
 * Decompresses Draco meshes in workers. The decoder is in files of the server: most projects never need it, so it is
 * fetched for the first model that does.
 */
export const dracoLoader = new DRACOLoader().setDecoderPath({ js, wasm })
