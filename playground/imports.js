import pig from './images/pig.png?meshy'
import house from './images/house.png?meshy&pbr&poly=20000'
import car from './images/car.png?meshy&topology=quad&poly=8000'
import dragon from './images/dragon.png?meshy&poly=20000&prompt=jade%20scales,%20horns%20of%20gold'
import teapot from './images/teapot.png?meshy&poly=5000&take=2'
import guitar from './images/guitar.png?meshy&poly=10000&no-texture'
import robot from './images/robot.png?meshy&poly=10000&pose=t-pose&symmetry=on'
import trex from './images/trex.png?poly=500&meshy'
import castle from './images/castle.meshy.json?meshy'
import bicycle from './images/bicycle.png?meshy&poly=20000'
import backpack from './images/backpack.png?meshy&views=./backpack-back.png&poly=10000'
import teddy from './images/teddy.jpg?meshy&poly=10000'
import chair from './images/chair.png?meshy&poly=2000&symmetry=off'
import rocket from './images/rocket.png?meshy&poly=10000&moderation'
import sunrise from './images/sunrise.jpg?meshy&poly=1000'

export const assets = {
  pig,
  house,
  car,
  dragon,
  teapot,
  guitar,
  robot,
  trex,
  castle,
  bicycle,
  backpack,
  teddy,
  chair,
  rocket,
  sunrise,
}
