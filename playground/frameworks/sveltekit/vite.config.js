import adapter from '@sveltejs/adapter-static'
import { sveltekit } from '@sveltejs/kit/vite'
import meshy from 'unplugin-meshy/vite'

export default { plugins: [meshy(), sveltekit({ adapter: adapter() })] }
