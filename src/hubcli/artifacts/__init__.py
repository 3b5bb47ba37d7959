"""Artifacts: files in registries, and what is attached to images: SBOMs, provenance, signatures.

OCI image-spec 1.1, "Guidelines for Artifact Usage"; distribution-spec 1.1, referrers; BuildKit's
attestation manifests; cosign's tags. Nothing here verifies signatures.
"""
