import { DRACOLoader } from 'three/addons/loaders/DRACOLoader.js'

/** Where the two parts of the decoder are. */
export interface DracoDecoder {
  /** URL of the script that runs the WebAssembly. */
  js: string
  wasm: string
}

/** A loader that unpacks meshes of Draco in workers, with the decoder that is a part of the page. */
export function createDracoLoader(decoder: DracoDecoder): DRACOLoader {
  return new DRACOLoader().setDecoderPath(decoder)
}
