// @ts-check
import { defineConfig } from 'astro/config'
import meshy from 'unplugin-meshy/vite'

export default defineConfig({ vite: { plugins: [meshy()] } })
