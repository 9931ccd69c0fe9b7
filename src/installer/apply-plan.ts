import type { Logger } from '../process/logger.ts';
import { FileError } from './file-error.ts';
import type { FileOperations } from './file-operations.ts';
import type { Plan, Step } from './plan.ts';
import { replaceFile, syncFolderOf } from './replace-file.ts';
import type { Sysctls } from './sysctls.ts';

export interface ApplyDeps {
  readonly files: FileOperations;
  readonly sysctls: Sysctls;
  readonly logger: Logger;
}

/** Does what a plan says, in its order, up to the first failure. @throws {FileError | SysctlError} */
export async function applyPlan({ steps, notices }: Plan, deps: ApplyDeps, signal: AbortSignal): Promise<void> {
  for (const step of steps) {
    signal.throwIfAborted();
    await applyStep(step, deps);
  }
  for (const { level, message, fields } of notices) deps.logger[level](message, fields);
}

async function applyStep(step: Step, { files, sysctls, logger }: ApplyDeps): Promise<void> {
  switch (step.do) {
    case 'set-sysctl':
      await sysctls.write(step.name, step.value);
      logger.info('sysctl set', { name: step.name, value: step.value });
      break;
    case 'write':
      await replaceFile(step, files);
      logger.info('file written', { path: step.path });
      break;
    case 'move':
      await move(step, files);
      logger.info('file moved', { from: step.from, to: step.to });
      break;
    case 'remove':
      await remove(step.path, files);
      logger.info('file removed', { path: step.path });
      break;
  }
}

async function move({ from, to }: { readonly from: string; readonly to: string }, files: FileOperations) {
  try {
    await files.rename(from, to);
    await syncFolderOf(to, files);
  } catch (error) {
    throw new FileError('rename', from, error);
  }
}

async function remove(path: string, files: FileOperations): Promise<void> {
  try {
    await files.rm(path, { force: true });
    await syncFolderOf(path, files);
  } catch (error) {
    throw new FileError('remove', path, error);
  }
}
