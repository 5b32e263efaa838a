import type { CanonicalRequest, ImageDigest } from '../request/request.ts'

type Picture = ImageDigest | { url: string }

/** A request with the SHA-256 of pictures that only the other one has; the two have one key. */
export function withPictures<T extends Pick<CanonicalRequest, 'images' | 'textureImages'>>(
  request: T,
  other: Pick<CanonicalRequest, 'images' | 'textureImages'>,
): T {
  return {
    ...request,
    images: request.images.map((image, index) => united(image, other.images[index])),
    textureImages: request.textureImages.map((image, index) => united(image, other.textureImages[index])),
  }
}

/** Whether all pictures of a request have their SHA-256. Releases before have written entries without. */
export function hasPictures(request: Pick<CanonicalRequest, 'images' | 'textureImages'>): boolean {
  return picturesOf(request).every((picture) => 'url' in picture || picture.sha256 !== undefined)
}

/** A picture of which two requests of one key say that it is another one; undefined when they agree. */
export function findOtherPicture(
  known: CanonicalRequest,
  wanted: CanonicalRequest,
): { index: number; expected: string; found: string } | undefined {
  const pictures = picturesOf(wanted)
  for (const [index, picture] of picturesOf(known).entries()) {
    const [expected, found] = [sha256Of(picture), sha256Of(pictures[index])]
    if (expected !== undefined && found !== undefined && expected !== found) return { index, expected, found }
  }
  return undefined
}

/** The imported image first, then views, then texture images. */
function picturesOf({
  images,
  textureImages,
}: Pick<CanonicalRequest, 'images' | 'textureImages'>): Picture[] {
  return [...images, ...textureImages]
}

function sha256Of(picture: Picture | undefined): string | undefined {
  return picture && 'hash' in picture ? picture.sha256 : undefined
}

function united<P extends Picture>(picture: P, other: Picture | undefined): P {
  const sha256 = sha256Of(picture) ?? sha256Of(other)
  return 'url' in picture || sha256 === undefined ? picture : { ...picture, sha256 }
}
