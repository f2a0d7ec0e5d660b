/** Which version of the contract a caller speaks. */
import { LessorError } from '../../core/contract/problems.ts';
import {
  CONTRACT,
  CONTRACT_HEADER,
  type ContractVersion,
  contractText,
  parseContract,
} from '../../core/contract/version.ts';

/** Who says nothing speaks this version. @throws LessorError contract.version, request.invalid */
export function spokenBy(header: string | undefined): ContractVersion {
  if (header === undefined) return CONTRACT;
  const version = parseContract(header);
  const remedy = `this service speaks ${contractText(CONTRACT)}`;
  if (version === undefined)
    throw new LessorError('request.invalid', `header ${CONTRACT_HEADER} ${JSON.stringify(header)} is no version`, {
      remedy,
    });
  if (version.major !== CONTRACT.major)
    throw new LessorError(
      'contract.version',
      `The caller speaks version ${contractText(version)} of the contract, ${remedy}`,
      { remedy: "install the plugin of this service's release" },
    );
  return version;
}

/** Whether the caller may say what this version does not know. */
export const isNewer = ({ minor }: ContractVersion): boolean => minor > CONTRACT.minor;
