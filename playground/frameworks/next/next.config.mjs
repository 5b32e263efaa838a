import { meshyRules } from 'unplugin-meshy/turbopack'

export default {
  output: 'export',
  turbopack: { rules: meshyRules() },
}
