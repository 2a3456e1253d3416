/** Captures that run: a checked request, a child process with little rights, packets as they come, files that turn. */
export { CaptureFiles, type Rotation } from './capture-files.ts';
export { checkFilter } from './filter-check.ts';
export { type CaptureCounts, LiveCapture, type PacketTaker } from './live-capture.ts';
export { type CaptureRequest, type CaptureTool, captureDefaults, captureTools } from './request.ts';
