export { createEmulator } from './emulator/create-emulator.ts'
export type { Emulator, WiredEmulator } from './emulator/create-emulator.ts'
export type {
  AssetFault,
  ConnectionFault,
  Fault,
  FaultKind,
  FaultRequest,
  FaultRule,
  RefusalFault,
  RouteName,
  StreamFault,
  TaskFault,
  ViewFault,
} from './emulator/fault.ts'
export type { ModelKind } from './emulator/make-models.ts'
export type {
  AssetNames,
  AssetRole,
  InputImage,
  ModelInput,
  ModelMaker,
  ModelPlan,
  ModelsInUse,
  TaskFailure,
} from './emulator/model-maker.ts'
export type { EmulatorOptions, LoadImage, Profile } from './emulator/options.ts'
export type { LoggedRequest, RequestCounts } from './emulator/state.ts'
export { startEmulator } from './emulator/start-emulator.ts'
export type { RunningEmulator, StartOptions } from './emulator/start-emulator.ts'
export type { TaskView } from './emulator/task-view.ts'
export type { Connection } from './emulator/wire.ts'
export type { Clock } from './system/clock.ts'
