-- Nothing that was sealed in format 2 opens afterwards.
DROP TABLE organization_keys;
