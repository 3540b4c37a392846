/** What a client said of the whole when it began. */
export interface UploadFacts {
  /** Bytes of the complete file. */
  totalBytes?: number
}

/** An upload in parts that is not finished. */
export interface Upload extends UploadFacts {
  id: string
  /** When something of it last changed; a day later it expires. */
  mtimeMs: number
}

export interface UploadPart {
  number: number
  sizeBytes: number
  mtimeMs: number
}
