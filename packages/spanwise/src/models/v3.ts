import type {
  EmbeddingModelV3,
  EmbeddingModelV4,
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
  SharedV4FileData,
} from '@ai-sdk/provider'

/** A model of the AI SDK's version 6 as one of version 7. They differ in how files are written, and in nothing else that is sent. */
export function languageV4(model: LanguageModelV3 | LanguageModelV4): LanguageModelV4 {
  if (model.specificationVersion === 'v4') return model
  return {
    specificationVersion: 'v4',
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    async doGenerate(options) {
      const result = await model.doGenerate(older(options))
      return { ...result, content: result.content.map((part) => newer(part) as LanguageModelV4Content) }
    },
    async doStream(options) {
      const result = await model.doStream(older(options))
      const stream = result.stream as ReadableStream<unknown>
      return {
        ...result,
        stream: stream.pipeThrough(
          new TransformStream<unknown, LanguageModelV4StreamPart>({
            transform: (part, controller) => controller.enqueue(newer(part) as LanguageModelV4StreamPart),
          }),
        ),
      }
    },
  }
}

/** Embedding models are the same in both. */
export function embeddingV4(model: EmbeddingModelV3 | EmbeddingModelV4): EmbeddingModelV4 {
  if (model.specificationVersion === 'v4') return model
  return {
    specificationVersion: 'v4',
    provider: model.provider,
    modelId: model.modelId,
    maxEmbeddingsPerCall: model.maxEmbeddingsPerCall,
    supportsParallelCalls: model.supportsParallelCalls,
    doEmbed: (options) => model.doEmbed(options),
  }
}

/** Our model as one that version 6 of the AI SDK takes. */
export function languageV3(model: LanguageModelV4): LanguageModelV3 {
  return {
    specificationVersion: 'v3',
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    async doGenerate(options) {
      const result = await model.doGenerate(upgraded(options))
      return { ...result, content: result.content.map(plain) } as Awaited<ReturnType<LanguageModelV3['doGenerate']>>
    },
    async doStream(options) {
      const result = await model.doStream(upgraded(options))
      const stream = result.stream.pipeThrough(
        new TransformStream<LanguageModelV4StreamPart, unknown>({
          transform: (part, controller) => controller.enqueue(plain(part)),
        }),
      )
      return { ...result, stream } as Awaited<ReturnType<LanguageModelV3['doStream']>>
    },
  }
}

export function embeddingV3(model: EmbeddingModelV4): EmbeddingModelV3 {
  return {
    specificationVersion: 'v3',
    provider: model.provider,
    modelId: model.modelId,
    maxEmbeddingsPerCall: model.maxEmbeddingsPerCall,
    supportsParallelCalls: model.supportsParallelCalls,
    doEmbed: (options) => model.doEmbed(options) as ReturnType<EmbeddingModelV3['doEmbed']>,
  }
}

// ---- files

/** Version 7 says what a file's data are, version 6 only has them. */
function newer(part: unknown): unknown {
  const { type, data } = part as { type?: unknown; data?: unknown }
  return type === 'file' ? { ...(part as object), data: { type: 'data', data } } : part
}

function plain(part: LanguageModelV4Content | LanguageModelV4StreamPart): unknown {
  return part.type === 'file' && part.data.type === 'data' ? { ...part, data: part.data.data } : part
}

function older(options: LanguageModelV4CallOptions): LanguageModelV3CallOptions {
  const prompt = options.prompt.map((message) =>
    message.role === 'system' || message.role === 'tool'
      ? message
      : { ...message, content: message.content.map((part) => (part.type === 'file' ? olderFile(part) : part)) },
  )
  return { ...options, prompt } as LanguageModelV3CallOptions
}

function olderFile(part: { readonly data: SharedV4FileData }): unknown {
  const { data } = part
  if (data.type === 'data') return { ...part, data: data.data }
  return data.type === 'url' ? { ...part, data: data.url } : part
}

function upgraded(options: LanguageModelV3CallOptions): LanguageModelV4CallOptions {
  const prompt = options.prompt.map((message) =>
    message.role === 'system' || message.role === 'tool'
      ? message
      : {
          ...message,
          content: message.content.map((part) => {
            if (part.type !== 'file') return part
            const { data } = part
            return { ...part, data: data instanceof URL ? { type: 'url', url: data } : { type: 'data', data } }
          }),
        },
  )
  return { ...options, prompt: prompt as LanguageModelV4Prompt } as LanguageModelV4CallOptions
}
