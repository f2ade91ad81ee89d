/** The caller of a request. */
export interface Caller {
  owner: string;
  /** Has the admin scope: may see and change every owner's jobs and schedules. */
  admin: boolean;
}

/** The prefix of the keys of owners' schedules, in the index that they share with jobs. An owner's name may not begin with it. */
export const scheduleOwnerPrefix = 'SCHEDULE#';

/** The one rule for jobs and schedules: whether the caller may see and change what this owner has. */
export const mayAccess = ({ owner, admin }: Caller, item: { owner: string }): boolean =>
  admin || item.owner === owner;
