import meshy from 'unplugin-meshy/vite'

export default defineNuxtConfig({
  compatibilityDate: '2026-01-01',
  devtools: { enabled: true },
  vite: { plugins: [meshy()] },
  vue: { compilerOptions: { isCustomElement: (tag) => tag === 'model-viewer' } },
})
