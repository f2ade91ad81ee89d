import { Command } from 'commander';
import type { Setting } from '../action.ts';
import { createSchedule } from './schedule/create.ts';
import { deleteSchedule } from './schedule/delete.ts';
import { getSchedule } from './schedule/get.ts';
import { listSchedules } from './schedule/list.ts';
import { pauseSchedule, resumeSchedule } from './schedule/pause.ts';
import { runSchedule } from './schedule/run.ts';
import { updateSchedule } from './schedule/update.ts';

/** `eks-jobs schedule …`: /jobs/schedule and /jobs/schedules */
export function schedule(setting: Setting): Command {
  const group = new Command('schedule').description('Jobs that run by a crontab(5) expression.');
  for (const make of [
    ...[createSchedule, listSchedules, getSchedule, updateSchedule],
    ...[pauseSchedule, resumeSchedule, runSchedule, deleteSchedule],
  ]) {
    group.addCommand(make(setting));
  }
  return group;
}
