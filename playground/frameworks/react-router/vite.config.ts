import { reactRouter } from '@react-router/dev/vite'
import meshy from 'unplugin-meshy/vite'

export default { plugins: [meshy(), reactRouter()] }
