/** Addresses of a pool that are kept for some pods. */
import * as z from 'zod/mini';
import { cniName, namespaceName, podName, podText } from './ids.ts';
import { most } from './limits.ts';

const spanText = z.string().check(z.maxLength(most.spanText));

/** Addresses that are kept for pods of one namespace, or for one of them. */
export const reservation = z.strictObject({
  /** What people call the reservation. */
  name: cniName,
  /** The addresses that are kept: `10.1.0.5`, `10.1.0.0/28` or `10.1.0.5-10.1.0.9`. */
  addresses: z.array(spanText).check(z.minLength(1), z.maxLength(most.addressesOfReservation)),
  /** The namespace whose pods may have these addresses. */
  namespace: podText,
  /** The pod's name; left out: each pod of the namespace. */
  pod: z.optional(podText),
});
export type Reservation = z.infer<typeof reservation>;

/** Addresses that are to be kept for pods of one namespace, or for one of them. */
export const reservationInput = z.extend(reservation, {
  /** The namespace of the pods. */
  namespace: namespaceName,
  /** The pod's name; left out: each pod of the namespace. */
  pod: z.optional(podName),
});
