import plain from './hero.png?meshy'
import untextured from './hero.png?meshy&texture=false'
import detailed from './hero.png?meshy&pbr&poly=5000&topology=quad&symmetry=on&pose=t-pose'
import another from './hero.png?meshy&take=2'
import styled from './hero.png?meshy&prompt=made%20of%20wood&formats=obj'
import guided from './hero.png?meshy&texture-image=style.png'
import round from './hero.png?meshy&views=back.png'
import recipe from './statue.meshy.json?meshy'
import old from './hero.png?meshy&model=meshy-6'

console.log([plain, untextured, detailed, another, styled, guided, round, recipe, old].map(({ url }) => url))
