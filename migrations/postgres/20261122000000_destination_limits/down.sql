DROP TABLE destination_limits;
