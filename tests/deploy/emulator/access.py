"""AWS::EKS::AccessEntry and AWS::EKS::PodIdentityAssociation for CloudFormation, with ministack's EKS API."""

import json
import os

from ministack.services import eks


def _read(response) -> dict:
    """Reads a response. Raises ValueError if it is an error."""
    status, _, body = response
    if status >= 400:
        raise ValueError(f"EKS responded {status}: {body!r}")
    return json.loads(body)


def _publish() -> None:
    """Writes the file that the reviewer of the cluster's tokens reads. The rename replaces it atomically."""
    entries = [
        {
            "principalArn": entry["principalArn"],
            "kubernetesGroups": entry["kubernetesGroups"],
            "accessPolicies": [
                policy["policyArn"]
                for key, policy in eks._access_policies._data.items()
                if key[2].split("\x00")[1] == entry["principalArn"]
            ],
        }
        for entry in eks._access_entries._data.values()
    ]
    path = os.environ["EKS_ACCESS_ENTRIES"]
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump(entries, file)
    os.replace(f"{path}.new", path)


def _create_entry(_logical_id, properties, _stack_name):
    cluster, principal = properties["ClusterName"], properties["PrincipalArn"]
    entry = _read(
        eks._create_access_entry(
            cluster,
            {
                "principalArn": principal,
                "kubernetesGroups": properties.get("KubernetesGroups", []),
                "type": properties.get("Type", "STANDARD"),
            },
        )
    )["accessEntry"]
    for policy in properties.get("AccessPolicies", []):
        scope = {"type": policy["AccessScope"]["Type"], "namespaces": policy["AccessScope"].get("Namespaces", [])}
        _read(eks._associate_access_policy(cluster, principal, {"policyArn": policy["PolicyArn"], "accessScope": scope}))
    _publish()
    return f"{principal}|{cluster}", {"AccessEntryArn": entry["accessEntryArn"]}


def _delete_entry(physical_id, _properties):
    principal, cluster = physical_id.split("|")
    _read(eks._delete_access_entry(cluster, principal))
    _publish()


def _create_association(_logical_id, properties, _stack_name):
    body = {
        "namespace": properties["Namespace"],
        "serviceAccount": properties["ServiceAccount"],
        "roleArn": properties["RoleArn"],
    }
    association = _read(eks._create_pod_identity_association(properties["ClusterName"], body))["association"]
    attributes = {"AssociationArn": association["associationArn"], "AssociationId": association["associationId"]}
    return f"{properties['ClusterName']}|{association['associationId']}", attributes


def _delete_association(physical_id, _properties):
    cluster, association = physical_id.split("|")
    _read(eks._delete_pod_identity_association(cluster, association))


def resource_handlers() -> dict:
    return {
        "AWS::EKS::AccessEntry": {"create": _create_entry, "delete": _delete_entry},
        "AWS::EKS::PodIdentityAssociation": {"create": _create_association, "delete": _delete_association},
    }


def role_of(namespace: str, service_account: str) -> str | None:
    """Returns the role that Pod Identity gives to pods of a service account, or None."""
    for association in eks._pod_identity_associations._data.values():
        if (association["namespace"], association["serviceAccount"]) == (namespace, service_account):
            return association["roleArn"]
    return None
